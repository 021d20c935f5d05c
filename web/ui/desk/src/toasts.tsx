/** Short messages about something that went wrong; each goes by itself or by hand. */
import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from 'react';
import { Cross } from './icons.tsx';

interface Toast {
  id: number;
  text: string;
}

const SHOWN_MS = 8_000;
const MOST = 4;

const ToastContext = createContext<(text: string) => void>(() => undefined);

/** Says something in a corner of the screen. */
export function useToast(): (text: string) => void {
  return useContext(ToastContext);
}

export function Toasts({ children }: { children: ReactNode }): ReactNode {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const close = useCallback((id: number) => {
    setToasts((before) => before.filter((toast) => toast.id !== id));
  }, []);
  const show = useCallback((text: string) => {
    setToasts((before) => {
      const others = before.filter((toast) => toast.text !== text);
      return [...others, { id: (before.at(-1)?.id ?? 0) + 1, text }].slice(-MOST);
    });
  }, []);
  return (
    <ToastContext.Provider value={show}>
      {children}
      <div className="toasts" role="alert">
        {toasts.map((toast) => (
          <ToastLine key={toast.id} toast={toast} close={close} />
        ))}
      </div>
    </ToastContext.Provider>
  );
}

function ToastLine(props: { toast: Toast; close(id: number): void }): ReactNode {
  const { toast, close } = props;
  useEffect(() => {
    const timer = setTimeout(() => close(toast.id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast.id, close]);
  return (
    <div className="toast">
      <p>{toast.text}</p>
      <button
        type="button"
        className="icon-button"
        aria-label="Close"
        onClick={() => close(toast.id)}
      >
        <Cross />
      </button>
    </div>
  );
}

/**
 * Short messages about something that went wrong, or was done; each goes by itself, unless
 * it is being read, or by hand.
 */
import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from 'react';
import { IconButton } from './IconButton.tsx';
import { Cross } from './icons.tsx';
import { useWords } from './words/index.ts';

type Tone = 'good' | 'bad';
type Show = (text: string, tone?: Tone) => void;

interface Toast {
  id: number;
  text: string;
  tone: Tone;
}

const SHOWN_MS = 8_000;
const MOST = 4;

const ToastContext = createContext<Show>(() => undefined);

/** Says something in a corner of the screen. */
export function useToast(): Show {
  return useContext(ToastContext);
}

export function Toasts({ children }: { children: ReactNode }): ReactNode {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const close = useCallback((id: number) => {
    setToasts((before) => before.filter((toast) => toast.id !== id));
  }, []);
  const show = useCallback<Show>((text, tone = 'bad') => {
    setToasts((before) => {
      const others = before.filter((toast) => toast.text !== text);
      return [...others, { id: (before.at(-1)?.id ?? 0) + 1, text, tone }].slice(-MOST);
    });
  }, []);
  return (
    <ToastContext.Provider value={show}>
      {children}
      <div className="toasts">
        <ToastLines role="alert" toasts={toasts.filter(({ tone }) => tone === 'bad')} close={close} />
        <ToastLines role="status" toasts={toasts.filter(({ tone }) => tone === 'good')} close={close} />
      </div>
    </ToastContext.Provider>
  );
}

/** A refusal is said at once; what was done waits for its turn. */
function ToastLines(props: {
  role: 'alert' | 'status';
  toasts: readonly Toast[];
  close(id: number): void;
}): ReactNode {
  return (
    <div className="toast-lines" role={props.role}>
      {props.toasts.map((toast) => (
        <ToastLine key={toast.id} toast={toast} close={props.close} />
      ))}
    </div>
  );
}

function ToastLine(props: { toast: Toast; close(id: number): void }): ReactNode {
  const { toast, close } = props;
  const words = useWords();
  const [isRead, setRead] = useState(false);
  useEffect(() => {
    if (isRead) return undefined;
    const timer = setTimeout(() => close(toast.id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast.id, close, isRead]);
  return (
    <div
      className="toast"
      data-tone={toast.tone}
      onPointerEnter={() => setRead(true)}
      onPointerLeave={() => setRead(false)}
      onFocus={() => setRead(true)}
      onBlur={() => setRead(false)}
    >
      <p>{toast.text}</p>
      <IconButton label={words.close} onClick={() => close(toast.id)}>
        <Cross />
      </IconButton>
    </div>
  );
}

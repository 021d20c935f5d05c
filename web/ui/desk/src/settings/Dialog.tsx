/** A modal: the browser's own, which keeps the focus in it and gives it back afterwards. */
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { readable } from '../foreign.ts';
import { IconButton } from '../IconButton.tsx';
import { Cross } from '../icons.tsx';
import { useWords } from '../words/index.ts';

export function Dialog(props: {
  title: string;
  close(): void;
  children: ReactNode;
  wide?: boolean;
}): ReactNode {
  const ref = useRef<HTMLDialogElement>(null);
  const title = useId();
  const words = useWords();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      className="dialog"
      data-wide={props.wide}
      aria-labelledby={title}
      onClose={props.close}
      onClick={(event) => {
        // Outside of its content is the backdrop.
        if (event.target === ref.current) ref.current.close();
      }}
    >
      <div className="dialog-box">
        <header className="dialog-head">
          <h2 id={title} dir="auto">
            {readable(props.title)}
          </h2>
          <IconButton label={words.close} onClick={() => ref.current?.close()}>
            <Cross />
          </IconButton>
        </header>
        <div className="dialog-body">{props.children}</div>
      </div>
    </dialog>
  );
}

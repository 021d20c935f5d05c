/** A strip above the desk: what is wrong, and the one thing to do about it. */
import type { ReactNode } from 'react';

export function Banner(props: {
  /** A button or a link. */
  action: ReactNode;
  /** Changes every second, so it is not read aloud. */
  ticking?: ReactNode;
  children: ReactNode;
}): ReactNode {
  return (
    <div className="banner">
      <p role="status">{props.children}</p>
      {props.ticking}
      {props.action}
    </div>
  );
}

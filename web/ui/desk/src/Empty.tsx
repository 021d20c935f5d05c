/** What a place shows while there is nothing: what will come, and how to make it come. */
import type { ReactNode } from 'react';

export function Empty(props: { icon: ReactNode; title: string; children?: ReactNode }): ReactNode {
  return (
    <div className="empty">
      <span className="empty-icon">{props.icon}</span>
      <p className="empty-title">{props.title}</p>
      {props.children && <div className="empty-text">{props.children}</div>}
    </div>
  );
}

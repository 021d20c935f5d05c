/**
 * A button, or a link, that is only an icon. The one place that knows its size (more than 24 pixels
 * to aim at), what it is called, the tooltip with its key, and how it looks while it is on.
 */
import type { ReactNode } from 'react';
import type { Action } from './settings/keys.ts';
import { useKeyHint } from './settings/useKeyHint.ts';

interface Named {
  /** What it is called where it is not seen, whole. */
  label: string;
  /** The tooltip, where a part of the label is enough for who sees what stands around. */
  title?: string;
  children: ReactNode;
}

export function IconButton(
  props: Named & {
    /** What its key does too; the tooltip names the key. */
    does?: Action;
    /** Something that is on or off; absent: it only does something. */
    isPressed?: boolean;
    /** Sends the form around it instead. */
    isSubmit?: boolean;
    onClick?(): void;
  },
): ReactNode {
  const { label, title = label, does, isPressed, isSubmit = false } = props;
  const hint = useKeyHint();
  return (
    <button
      type={isSubmit ? 'submit' : 'button'}
      className="icon-button"
      aria-label={label}
      aria-pressed={isPressed}
      title={hint(title, does)}
      data-do={does}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

/** Leads to another site, in a tab of its own. `href` has been judged by whoever gives it. */
export function IconLink({ label, title = label, href, children }: Named & { href: string }): ReactNode {
  return (
    <a className="icon-button" href={href} target="_blank" rel="noopener noreferrer" title={title}>
      {children}
      <span className="sr-only">{label}</span>
    </a>
  );
}

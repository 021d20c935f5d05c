/** What an agent need not read, and can show to somebody who asks what is wrong. */
import type { ReactNode } from 'react';
import { useWords } from './words/index.ts';

export function ForWhoRunsIt({ text, command }: { text: string; command?: string }): ReactNode {
  const words = useWords();
  return (
    <details className="how">
      <summary>{words.forWhoRunsIt}</summary>
      <p>{text}</p>
      {command !== undefined && <code className="command">{command}</code>}
    </details>
  );
}

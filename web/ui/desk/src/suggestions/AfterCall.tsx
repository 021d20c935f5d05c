/** What the call came to, a moment after its end. */
import type { CallSummary } from '@earshot/client';
import type { ReactNode } from 'react';
import { isolated, readable } from '../foreign.ts';
import { IconButton } from '../IconButton.tsx';
import { Copy } from '../icons.tsx';
import { useToast } from '../toasts.tsx';
import { useWords, type Words } from '../words/index.ts';
import { copyText } from './copyText.ts';

export function AfterCall({ summary }: { summary: CallSummary }): ReactNode {
  const words = useWords();
  const toast = useToast();
  const copy = async (): Promise<void> => {
    const isCopied = await copyText(asText(summary, words));
    toast(isCopied ? words.copied : words.notCopied, isCopied ? 'good' : 'bad');
  };
  return (
    <section className="after-call">
      <header className="section-head">
        <h2 className="section-title">{words.afterCall}</h2>
        <IconButton
          label={`${words.copy}: ${words.afterCall}`}
          title={words.copy}
          onClick={() => void copy()}
        >
          <Copy />
        </IconButton>
      </header>
      <dl>
        {partsOf(summary, words).map(([name, lines]) => (
          <div key={name}>
            <dt>{name}</dt>
            {lines.map((line, place) => (
              <dd key={place} dir="auto">
                {readable(line)}
              </dd>
            ))}
          </div>
        ))}
      </dl>
      <p className="field-hint">{summary.source === 'rules' ? words.byRules : words.byModel}</p>
    </section>
  );
}

function partsOf(summary: CallSummary, words: Words): [string, string[]][] {
  const parts: [string, string[]][] = [
    [words.reason, [summary.reason]],
    [words.steps, summary.steps],
    [words.outcome, [summary.outcome]],
    [words.followUps, summary.follow_ups],
  ];
  return parts
    .map(([name, lines]): [string, string[]] => [name, lines.filter((line) => line !== '')])
    .filter(([, lines]) => lines.length > 0);
}

function asText(summary: CallSummary, words: Words): string {
  return partsOf(summary, words)
    .map(([name, lines]) => `${name}\n${lines.map((line) => `- ${isolated(line)}`).join('\n')}`)
    .join('\n\n');
}

/** The whole of a document. What is in it is somebody's text, never our page. */
import type { DocumentBlock, DocumentView } from '@earshot/client';
import { RequestError } from '@earshot/client';
import { useClient } from '@earshot/react';
import { useEffect, useState, type ReactNode } from 'react';
import { isolated } from '../foreign.ts';
import { OutwardLink } from '../icons.tsx';
import { Dialog } from '../settings/Dialog.tsx';
import { useFormats } from '../time.ts';
import { useWords } from '../words/index.ts';
import { destinationOf } from './destination.ts';
import { Prose } from './Prose.tsx';

export function DocumentDialog(props: {
  document: { id: string; title: string };
  close(): void;
}): ReactNode {
  const { id, title } = props.document;
  const client = useClient();
  const words = useWords();
  const { day } = useFormats();
  const [found, setFound] = useState<DocumentView | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const asked = new AbortController();
    setProblem(null);
    client.document(id, asked.signal).then(setFound, (reason: unknown) => {
      if (asked.signal.aborted) return;
      setProblem(reason instanceof RequestError ? words.reasonOf(reason) : words.noAnswer);
    });
    return () => asked.abort();
  }, [client, id, tries, words]);
  const source = destinationOf(found?.url);
  return (
    <Dialog title={found?.title ?? title} close={props.close} wide>
      {found === null && problem === null && <p role="status">{words.opening}</p>}
      {problem !== null && (
        <div role="alert">
          <p>{words.notOpened(problem)}</p>
          <button type="button" className="button" onClick={() => setTries((n) => n + 1)}>
            {words.tryNow}
          </button>
        </div>
      )}
      {found && (
        <>
          <p className="document-facts">
            {words.updated(day(found.updated_at))}
            {source?.isPage && (
              <a href={source.href} target="_blank" rel="noopener noreferrer">
                {words.source}: {source.name} <OutwardLink />
                <span className="sr-only"> {words.newTab}</span>
              </a>
            )}
          </p>
          <div
            className="document-text"
            tabIndex={0}
            role="region"
            aria-label={isolated(found.title)}
          >
            <Prose blocks={blocksOf(found)} title={found.title} />
          </div>
        </>
      )}
    </Dialog>
  );
}

/** While servers are renewed one by one, an older one may answer: it has the text alone. */
function blocksOf({ blocks, text }: Partial<DocumentView>): DocumentBlock[] {
  return blocks ?? [{ kind: 'text', text: text ?? '' }];
}

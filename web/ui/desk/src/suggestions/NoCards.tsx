/** Why no document is shown, and, for whoever runs Earshot, what would change that. */
import type { CallHealth, CallView } from '@earshot/client';
import type { ReactNode } from 'react';
import { Empty } from '../Empty.tsx';
import { ForWhoRunsIt } from '../ForWhoRunsIt.tsx';
import { Page } from '../icons.tsx';
import { useWords } from '../words/index.ts';

export function NoCards(props: {
  call: CallView | null;
  health: CallHealth | null;
  /** A document was put away, so that something was suggested. */
  hasDismissed: boolean;
}): ReactNode {
  const { call, health, hasDismissed } = props;
  const words = useWords();
  const why = health?.why;
  const nothingElse = (
    <Empty icon={<Page />} title={words.nothingElse}>
      <p>{words.nothingElseText}</p>
    </Empty>
  );
  if (call?.status === 'ended') {
    return hasDismissed ? nothingElse : (
      <Empty icon={<Page />} title={words.nothingWasSuggested}>
        <p>{words.nothingWasSuggestedText}</p>
      </Empty>
    );
  }
  if (why === 'no_documents') {
    return (
      <Empty icon={<Page />} title={words.noDocuments}>
        <p>{words.noDocumentsText}</p>
        <ForWhoRunsIt text={words.addDocuments} command="./earshot import-documents my-docs/" />
      </Empty>
    );
  }
  if (health?.suggestions === 'down' && why) {
    return (
      <Empty icon={<Page />} title={words.assistance.down}>
        <p>{words.why[why]}</p>
      </Empty>
    );
  }
  if (hasDismissed) return nothingElse;
  return (
    <Empty icon={<Page />} title={words.nothingSuggested}>
      <p>{words.nothingSuggestedText}</p>
      {why === 'words_only' && <ForWhoRunsIt text={words.wordsOnlyHow} command="./earshot knowledge" />}
    </Empty>
  );
}

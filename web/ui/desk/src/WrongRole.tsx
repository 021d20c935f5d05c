/** A token that opens no desk: it is for a service that says what is spoken, not for a person. */
import { useClient } from '@earshot/react';
import type { ReactNode } from 'react';
import { Card } from './Card.tsx';
import { SignOut } from './settings/SignOut.tsx';
import { useWords } from './words/index.ts';

export function WrongRole(): ReactNode {
  const words = useWords();
  const { agentId } = useClient();
  return (
    <Card>
      <div role="alert">
        <h2>{words.producerToken}</h2>
        <p>{words.producerTokenText}</p>
      </div>
      <p className="field-help">{words.producerTokenHow}</p>
      <p>
        <code className="command">./earshot token {agentId} --role agent</code>
      </p>
      <SignOut title={words.otherToken} />
    </Card>
  );
}

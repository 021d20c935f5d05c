/** One call, read along: its transcript and what was suggested, and nothing to change. */
import { useState, type ReactNode } from 'react';
import { Back } from '../icons.tsx';
import { Suggestions } from '../suggestions/Suggestions.tsx';
import { CallView } from '../transcript/CallView.tsx';
import type { Target } from '../transcript/Transcript.tsx';
import { useWords } from '../words/index.ts';

export function Watched({ callId, leave }: { callId: string; leave(): void }): ReactNode {
  const words = useWords();
  const [target, setTarget] = useState<Target | null>(null);
  return (
    <div className="watched">
      <button type="button" className="button quiet watched-back" onClick={leave}>
        <Back /> {words.backToWall}
      </button>
      <CallView callId={callId} target={target} isReadOnly />
      <Suggestions
        callId={callId}
        isReadOnly
        showLine={(segment_id) => setTarget({ segment_id })}
      />
    </div>
  );
}

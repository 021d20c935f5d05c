/** The one thing on a page that is no desk yet: a card in its middle, under our name. */
import type { ReactNode } from 'react';
import { Voice } from './icons.tsx';

export function Card(props: { children: ReactNode; isLate?: boolean }): ReactNode {
  return (
    <main className="sign-in">
      <div className="sign-in-card" data-late={props.isLate || undefined}>
        <h1>
          <Voice /> Earshot
        </h1>
        {props.children}
      </div>
    </main>
  );
}

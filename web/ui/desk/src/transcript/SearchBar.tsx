import { useEffect, useRef, type ReactNode } from 'react';
import { IconButton } from '../IconButton.tsx';
import { ArrowDown, ArrowUp, Cross } from '../icons.tsx';
import { useWords } from '../words/index.ts';
import type { Search } from './useSearch.ts';

export function SearchBar({ search }: { search: Search }): ReactNode {
  const words = useWords();
  const field = useRef<HTMLInputElement>(null);
  const { openings } = search;
  useEffect(() => {
    const before = document.activeElement;
    // The keyboard goes on where it was.
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, [openings]);
  const at = search.current === null ? 0 : search.found.indexOf(search.current) + 1;
  return (
    <form
      className="search-bar"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        search.step(-1);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') search.close();
        if (event.key !== 'Enter' || !event.shiftKey) return;
        event.preventDefault();
        search.step(1);
      }}
    >
      <input
        ref={field}
        type="search"
        dir="auto"
        value={search.words}
        placeholder={words.searchWord}
        aria-label={words.search}
        onChange={(event) => search.look(event.target.value)}
      />
      <IconButton label={words.previous} isSubmit>
        <ArrowUp />
      </IconButton>
      <IconButton label={words.next} onClick={() => search.step(1)}>
        <ArrowDown />
      </IconButton>
      <span className="search-count" role="status">
        {search.isLoading
          ? words.fetching
          : search.pattern && words.found(at, search.found.length)}
      </span>
      <IconButton label={words.close} onClick={search.close}>
        <Cross />
      </IconButton>
    </form>
  );
}

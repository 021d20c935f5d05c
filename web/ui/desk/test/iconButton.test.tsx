/** The one button that is only an icon. */
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { IconButton, IconLink } from '../src/IconButton.tsx';
import { changeSettings } from '../src/settings/settings.ts';

afterEach(() => {
  cleanup();
  changeSettings({ keysOn: true });
});

describe('a button that is only an icon', () => {
  it('is called by its whole label, and its tooltip names the key that does the same', () => {
    const copy = vi.fn();
    const { rerender } = render(
      <IconButton label="Copy: Router" title="Copy" does="copy" onClick={copy}>
        ⧉
      </IconButton>,
    );
    const button = screen.getByRole('button', { name: 'Copy: Router' });
    expect([button.title, button.dataset['do']]).toEqual(['Copy (c)', 'copy']);
    fireEvent.click(button);
    expect(copy).toHaveBeenCalledOnce();

    changeSettings({ keysOn: false });
    rerender(<IconButton label="Close">×</IconButton>);
    expect(screen.getByRole('button', { name: 'Close' }).title).toBe('Close');
  });

  it('says whether it is on only where it can be on', () => {
    const { rerender } = render(<IconButton label="Search">⌕</IconButton>);
    const pressed = (): string | null => screen.getByRole('button').getAttribute('aria-pressed');
    expect(pressed()).toBeNull();
    rerender(
      <IconButton label="Search" isPressed={false}>
        ⌕
      </IconButton>,
    );
    expect(pressed()).toBe('false');
    rerender(
      <IconButton label="Search" isPressed>
        ⌕
      </IconButton>,
    );
    expect(pressed()).toBe('true');
  });

  it('sends the form around it only when it is there for that', () => {
    const sent = vi.fn((event: { preventDefault(): void }) => event.preventDefault());
    render(
      <form onSubmit={sent}>
        <IconButton label="Next">↓</IconButton>
        <IconButton label="Previous" isSubmit>
          ↑
        </IconButton>
      </form>,
    );
    fireEvent.click(screen.getByRole('button', { name: 'Next' }));
    expect(sent).not.toHaveBeenCalled();
    fireEvent.click(screen.getByRole('button', { name: 'Previous' }));
    expect(sent).toHaveBeenCalledOnce();
  });

  it('leads out in a tab of its own, which knows nothing of ours', () => {
    render(
      <IconLink label="Source: Router (opens in a new tab)" title="Source" href="https://x.example/">
        ↗
      </IconLink>,
    );
    const link = screen.getByRole('link', { name: /Source: Router/ });
    expect([link.getAttribute('target'), link.getAttribute('rel'), link.title]).toEqual([
      '_blank',
      'noopener noreferrer',
      'Source',
    ]);
  });
});

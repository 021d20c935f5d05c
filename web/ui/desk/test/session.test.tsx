/** How the desk connects, loses its connection, and asks for a token. */
import { act, fireEvent, screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { callOf, connected, main, open, opened, serveEachTest, server, until } from './harness.tsx';

serveEachTest();

describe('the connection', () => {
  it('says when another desk took over, and takes it back on demand', async () => {
    await opened();
    act(() => server.close('replaced'));
    await screen.findByText(/opened in another place/);
    fireEvent.click(screen.getByRole('button', { name: 'Use it here' }));
    await connected();
  });

  it('comes back by itself, and the call goes on', async () => {
    const call = callOf('c1', 'Miriam Okafor');
    await opened();
    await within(main()).findByText('Live');
    act(() => server.cut());
    await screen.findByText('Reconnecting…');
    call.say({ segment_id: 's1', text: 'Said meanwhile.' });
    await within(main()).findByText('Said meanwhile.');
    await connected();
  });
});

describe('where no token is given', () => {
  it('asks for one, refuses what is none, and works with it', async () => {
    server.tokens = false;
    open();
    const field = await screen.findByLabelText('Access token');
    fireEvent.change(field, { target: { value: 'hello' } });
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(field.getAttribute('aria-invalid')).toBe('true');
    const token = `a.${btoa('{"sub":"agent-7"}')}.c`;
    fireEvent.change(field, { target: { value: ` ${token}\n` } });
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    await connected();
    expect(screen.getByTitle('Agent').textContent).toBe('agent-7');
    expect(server.commands('agent:connect')).toEqual([
      { agent_id: 'agent-7', auth_token: token, client_id: expect.any(String) },
    ]);
  });

  it('asks again when the pasted one has ended, and asks the server no more', async () => {
    server.tokens = false;
    server.accepts = () => 'expired';
    open();
    const field = await screen.findByLabelText('Access token');
    fireEvent.change(field, { target: { value: `a.${btoa('{"sub":"agent-7"}')}.c` } });
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    await until(() => expect(server.handshakes).toHaveLength(1));
    await screen.findByLabelText('Access token');
  });
});

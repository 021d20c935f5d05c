/** `navigator.locks` for Node: exclusive locks in the order they were asked for. */
type Work = () => unknown;
interface Waiting {
  work: Work;
  resolve(value: unknown): void;
  reject(problem: unknown): void;
}

export class FakeLocks {
  readonly #queues = new Map<string, Waiting[]>();

  request(name: string, ...rest: [Work] | [{ signal?: AbortSignal }, Work]): Promise<unknown> {
    const work = rest.at(-1) as Work;
    const { signal } = (rest.length > 1 ? rest[0] : {}) as { signal?: AbortSignal };
    return new Promise((resolve, reject) => {
      const waiting = { work, resolve, reject };
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      queue.push(waiting);
      signal?.addEventListener('abort', () => {
        if (queue.indexOf(waiting) <= 0) return;
        queue.splice(queue.indexOf(waiting), 1);
        reject(signal.reason);
      });
      if (queue.length === 1) void this.#run(name, queue);
    });
  }

  async #run(name: string, queue: Waiting[]): Promise<void> {
    const [first] = queue;
    if (!first) return;
    await Promise.resolve(first.work()).then(first.resolve, first.reject);
    queue.shift();
    if (queue.length === 0) this.#queues.delete(name);
    else void this.#run(name, queue);
  }
}

/** Waiting for somebody else's program has an end. */

/**
 * @param ms after this long the promise rejects with `late()`; the work itself cannot be called off.
 */
export function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer)).catch(() => undefined);
  });
}

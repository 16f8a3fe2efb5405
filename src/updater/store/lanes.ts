/** How many things are read, or written, at the same time: what a disk can overlap, and few enough to stay small. */
const lanes = 4;

/** Does `work` for each of `things`, a few at a time; the first failure is thrown once nothing is at work any more. */
export async function inLanes<Thing>(things: Iterable<Thing>, work: (thing: Thing) => Promise<void>): Promise<void> {
  const queue = things[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true && failures.length === 0; next = queue.next()) await work(next.value);
  };
  const record = (error: unknown): void => void failures.push(error);
  await Promise.all(Array.from({ length: lanes }, () => lane().catch(record)));
  if (failures.length > 0) throw failures[0];
}

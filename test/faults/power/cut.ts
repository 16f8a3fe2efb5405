/** One life on a recorded disk, and its power cut at many places. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { TestPublisher } from '../../ground/publisher.ts';
import { mountLeft, withRecordedDisk } from './disk.ts';
import { chooseCuts, leftBy, positionOf, type Recording } from './recording.ts';
import { tellStory, type Promises } from './story.ts';
import { brokenAfterCut, expectedAt } from './verdict.ts';

/** Where, with which options of ext4, how many chapters of the story (all, unless said), and how many cuts. */
export interface Wish {
  readonly folder: string;
  readonly options: string;
  readonly chapters?: number;
  readonly cuts: number;
  readonly seed: number;
}

/** One cut: the chapter that it fell into, and what was broken by it (nothing, where all is well). */
export interface Found {
  readonly chapter: string;
  readonly broken: readonly string[];
}

/** What was recorded, and every cut. */
export interface Outcome {
  readonly writes: number;
  readonly flushes: number;
  readonly found: readonly Found[];
}

/** Records the life of an installation whose versions `publisher` has published, and cuts its power. */
export async function cutPower(publisher: TestPublisher, wish: Wish): Promise<Outcome> {
  const life = await withRecordedDisk(wish.options, async (disk) => {
    const promises = await tellStory(publisher, disk, wish.chapters);
    return { promises, recording: await disk.finish() };
  });
  const flushes = life.recording.entries.filter(({ bytes }) => bytes === null).length;
  return { writes: life.recording.entries.length - flushes, flushes, found: await tryCuts(publisher, life, wish) };
}

interface Life {
  readonly promises: Promises;
  readonly recording: Recording;
}

/** Several at a time: each takes the next of what is left, and mounts it in a place of its own. */
async function tryCuts(publisher: TestPublisher, { promises, recording }: Life, { folder, cuts, seed }: Wish): Promise<readonly Found[]> {
  const left = leftBy(recording, chooseCuts(recording, cuts, seed));
  const found: Found[] = [];
  const work = async (place: string): Promise<void> => {
    for (const [cut, image] of left) {
      const expected = expectedAt(positionOf(recording, cut), promises);
      await using disk = await mountLeft(image, place);
      const broken = await brokenAfterCut(join(disk.path, 'root'), expected, publisher);
      const where = `${expected.chapter}, cut after ${cut.after}${cut.chance === null ? '' : ` with chance ${cut.chance}`}`;
      found.push({ chapter: expected.chapter, broken: broken.map((line) => `${where}: ${line}`) });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, (_, i) => work(join(folder, `left-${i}`))));
  return found;
}

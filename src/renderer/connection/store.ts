/** What the window knows: the present value of every topic, and whether the other end is there. */
import type { Client, Reply, TopicLine } from '../../main/contract/wire.ts';
import type { CommandName, Question } from '../../main/contract/commands.ts';
import { topicNames, type Topics } from '../../main/contract/topics.ts';

/** `waiting` until every topic was heard once; what was last heard stays while the other end is `lost`. */
export type Link = 'waiting' | 'present' | 'lost';

/** The client, with memory. */
export interface Store {
  readonly link: Link;
  /** Every topic's last value; null before the first of each was heard. */
  readonly topics: Topics | null;
  ask<Name extends CommandName>(name: Name, question: Question<Name>): Promise<Reply<Name>>;
  subscribe(changed: () => void): () => void;
}

/** Watches everything from now on, for as long as the page lives. */
export function openStore(client: Client): Store {
  let heard: Partial<Topics> = {};
  let topics: Topics | null = null;
  let link: Link = 'waiting';
  const subscribers = new Set<() => void>();
  client.watch((line: TopicLine | null) => {
    if (line === null) link = 'lost';
    else {
      heard = { ...heard, [line.topic]: line.value };
      if (isComplete(heard)) [topics, link] = [heard, 'present'];
    }
    for (const changed of subscribers) changed();
  });
  return {
    get link() {
      return link;
    },
    get topics() {
      return topics;
    },
    ask: client.ask,
    subscribe: (changed) => {
      subscribers.add(changed);
      return () => subscribers.delete(changed);
    },
  };
}

function isComplete(heard: Partial<Topics>): heard is Topics {
  return topicNames.every((name) => name in heard);
}

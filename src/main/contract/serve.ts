/** The host's end of the contract: answers commands, and tells every watcher what is true now and what changes. */
import { failureOf } from '../../updater/model/failure.ts';
import { isCommand, parseInput, type Answers, type CommandName, type Input } from './commands.ts';
import type { TopicName, Topics } from './topics.ts';
import { topicNames } from './topics.ts';
import type { Reply, TopicLine } from './wire.ts';

/** One function for every command. What it throws becomes a failure. */
export type Handlers = { readonly [Name in CommandName]: (input: Input<Name>) => Promise<Answers[Name]> };

/** What a host lets whoever connects do; `from` tells apart who that is. A question that comes before the shell is complete waits. */
export interface Contract {
  ask(name: string, input: unknown, from: string): Promise<Reply<CommandName>>;
  /** Hears every topic's present value at once, then each change, until it is disposed of. */
  watch(hear: (line: TopicLine) => void, from: string): Disposable;
}

/** Carries out what was asked; whatever came in, the answer is a reply. */
export async function answer(handlers: Handlers, name: string, input: unknown): Promise<Reply<CommandName>> {
  try {
    if (!isCommand(name))
      return { failure: { code: 'usage/wrong', detail: `there is no command ${JSON.stringify(name.slice(0, 80))}`, retry: 'never' } };
    return { answer: await carryOut(handlers, name, input) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

function carryOut<Name extends CommandName>(handlers: Handlers, name: Name, input: unknown): Promise<Answers[Name]> {
  return handlers[name](parseInput(name, input));
}

/** The present value of every topic. */
export interface Board {
  readonly present: Topics;
  /** Puts up a value; watchers hear it when it differs from the one before. */
  put<Name extends TopicName>(topic: Name, value: Topics[Name]): void;
  /** Hears every topic's present value at once, then each change, until it is disposed of. */
  watch(hear: (line: TopicLine) => void): Disposable;
}

/** Opens a board with the values that are true at the start. */
export function openBoard(first: Topics): Board {
  let present = first;
  const watchers = new Set<(line: TopicLine) => void>();
  return {
    get present() {
      return present;
    },
    put: (topic, value) => {
      if (JSON.stringify(present[topic]) === JSON.stringify(value)) return;
      present = { ...present, [topic]: value };
      for (const hear of watchers) hear(lineOf(topic, present));
    },
    watch: (hear) => {
      for (const topic of topicNames) hear(lineOf(topic, present));
      watchers.add(hear);
      return { [Symbol.dispose]: () => watchers.delete(hear) };
    },
  };
}

function lineOf(topic: TopicName, present: Topics): TopicLine {
  return { topic, value: present[topic] } as TopicLine;
}

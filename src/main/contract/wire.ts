/**
 * How the two ends of the contract talk, whatever carries it: HTTP on loopback, or a port between processes.
 *
 *     POST /v1/commands/<name>   input as JSON → { "answer": … } or { "failure": { code, detail, retry } }
 *     GET  /v1/topics            one line of JSON per value: { "topic": <name>, "value": … }, present values first, then changes
 */
import type { Failure } from '../../updater/model/failure.ts';
import type { Answers, CommandName, Question } from './commands.ts';
import type { TopicName, Topics } from './topics.ts';

/** One line of the stream. */
export type TopicLine = { readonly [Name in TopicName]: { readonly topic: Name; readonly value: Topics[Name] } }[TopicName];

export type Reply<Name extends CommandName> = { readonly answer: Answers[Name] } | { readonly failure: Failure };

/** Carries bytes of meaning and knows none: a preload or an HTTP client is no more than this. */
export interface Transport {
  /** Sends a command and returns whatever came back. */
  ask(name: string, input: unknown): Promise<unknown>;
  /** Hands over every line until `stop` is called; reconnects by itself, and says with null that the other end is gone. */
  watch(hear: (line: unknown) => void): { stop(): void };
}

/** The window's and the command line's end: typed questions, typed topics. */
export interface Client {
  ask<Name extends CommandName>(name: Name, input: Question<Name>): Promise<Reply<Name>>;
  watch(hear: (line: TopicLine | null) => void): { stop(): void };
}

/** Types a transport. The other end is our own and of the same version: what arrives has the shape that was declared. */
export function openClient(transport: Transport): Client {
  return {
    ask: async <Name extends CommandName>(name: Name, input: Question<Name>) => parseReply<Name>(await transport.ask(name, input)),
    watch: (hear) => transport.watch((line) => hear(parseLine(line))),
  };
}

function parseReply<Name extends CommandName>(value: unknown): Reply<Name> {
  return value as Reply<Name>;
}

function parseLine(value: unknown): TopicLine | null {
  return value as TopicLine | null;
}

/** One note of the application that the shell carries; its title is its first line unless it was given one. `writtenAt` is UTC. */
export interface Note {
  readonly id: number;
  readonly title: string;
  readonly text: string;
  readonly writtenAt: string;
}

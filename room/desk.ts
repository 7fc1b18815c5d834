// The instructor's desk: takes answers at the room's door, and shows them to who has the secret. Needs Node.
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import type { WebSocket } from 'ws';
import { clock } from '../lib/task/index.js';
import { AnswerSchema, CommandSchema } from './answer.js';
import { Answers } from './answers.js';
import type { Vote } from './votes.js';

const MOST_PAGES = 10;
/** A page that reads slowly is sent nothing while more than this waits for it (bytes). */
const MOST_WAITING = 4 * 2 ** 20;
/** A page hears of the room every so many ticks, also if nothing changes. */
const SIGN_TICKS = 16;
/** At most this many answers between two ticks are shown at once; the rest wait for the next tick, which bounds a flood's cost. */
const MOST_PUSHES = 8;
const json = v.pipe(v.string(), v.parseJson());

export class Desk {
  readonly secret = randomBytes(24).toString('base64url');
  readonly answers: Answers;
  /** The instructor's pages, with what each was sent last. */
  private readonly pages = new Map<WebSocket, string>();
  private ticks = 0;
  private pushes = MOST_PUSHES;

  constructor(votes: readonly Vote[]) {
    this.answers = new Answers(votes);
  }

  get isFull(): boolean {
    return this.pages.size >= MOST_PAGES;
  }

  /** @returns why an answer does not count; undefined if it does */
  take({ key, name, text }: { readonly key: string; readonly name: string; readonly text: string }) {
    const { success, output, issues } = v.safeParse(v.pipe(json, AnswerSchema), text);
    if (!success) return `The room cannot take this answer: ${issues[0].message}.`;
    const refused = this.answers.handle({ type: 'answer', key, name, answer: output }, clock());
    if (refused === undefined && this.pushes-- > 0) this.push();
    return refused;
  }

  /** Serves an instructor's page: all votes first, then its picture whenever that changes. */
  open(page: WebSocket): void {
    page.on('error', () => page.terminate());
    page.on('close', () => this.pages.delete(page));
    page.on('message', (data) => this.obey((data as Buffer).toString()));
    this.pages.set(page, '');
    page.send(JSON.stringify({ votes: this.answers.votes }));
    this.tick();
  }

  tick(): void {
    this.ticks++;
    this.pushes = MOST_PUSHES;
    this.push();
  }

  /** Shows the instructors what has changed. */
  private push(): void {
    if (this.pages.size === 0) return;
    const picture = JSON.stringify(this.answers.instructor(clock()));
    for (const [page, last] of this.pages) {
      if (page.bufferedAmount > MOST_WAITING) continue;
      if (last !== picture || this.ticks % SIGN_TICKS === 0) page.send(picture);
      this.pages.set(page, picture);
    }
  }

  close(): void {
    for (const page of this.pages.keys()) page.close(1001);
  }

  private obey(text: string): void {
    const { success, output } = v.safeParse(v.pipe(json, CommandSchema), text);
    if (success) this.answers.handle({ type: 'command', command: output }, clock());
    this.tick();
  }
}

// The messages between a page and its kernel. Outputs have the form of nbformat 4, so a page can keep them in a notebook.
import type { Answer } from '../../dist/room/answer.js';

/** What a cell shows. */
export type Output =
  | { readonly output_type: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string }
  | { readonly output_type: 'display_data'; readonly data: MimeBundle; readonly metadata: object }
  | {
      readonly output_type: 'error';
      readonly ename: string;
      readonly evalue: string;
      readonly traceback: readonly string[];
    };

/** One thing in several forms, by media type: 'text/html', 'image/svg+xml', 'image/png' (base64), 'text/plain', ... */
export type MimeBundle = Readonly<Record<string, string>>;

/** What cells ask of the room. The page is in it, so that a restart of the kernel changes nothing. */
export type RoomRequest =
  | { readonly do: 'join'; readonly address: string; readonly name: string }
  | { readonly do: 'leave' }
  | { readonly do: 'answer'; readonly answer: Answer };

/** What a page tells its kernel. `start` comes once, first. */
export type ToKernel =
  | { readonly type: 'start'; readonly env: Readonly<Record<string, string>> }
  | { readonly type: 'run'; readonly cell: string; readonly code: string }
  /** Give up the cell that waits: its promise is abandoned. */
  | { readonly type: 'interrupt' };

/** What happens to the outputs of a cell. Several `stream` outputs in a row continue one another. */
export type OutputMessage =
  | {
      readonly type: 'output';
      readonly cell: string;
      readonly output: Output;
      /** The output can be replaced later: see `update`. */
      readonly displayId?: string;
    }
  /** Replace the output that has this id. */
  | { readonly type: 'update'; readonly cell: string; readonly displayId: string; readonly output: Output }
  /** Remove the cell's outputs; if `wait`, not before its next output comes. */
  | { readonly type: 'clear'; readonly cell: string; readonly wait: boolean };

/** What a kernel tells its page. Outputs may come after `done`: from timers, runs in the background, dashboards. */
export type FromKernel =
  | { readonly type: 'ready' }
  | { readonly type: 'room'; readonly request: RoomRequest }
  | OutputMessage
  /** The kernel computes and cannot listen: end it after `ms`, with `verdict` as the cell's output. Without `ms`: it listens again. */
  | { readonly type: 'limit'; readonly cell: string; readonly ms?: number; readonly verdict: string }
  | { readonly type: 'done'; readonly cell: string; readonly ok: boolean; readonly count: number };

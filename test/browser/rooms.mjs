// Rooms for the browser tests: opened and closed, and held open until a test has done what it does in mid-run.
import { startRoom } from '../../dist/room/index.js';

/** The machine may be busy with other things: nothing here depends on how long something takes (ms). */
export const LONG = 180_000;
const closers = [];

/** Calls `close` at the end of the test. The last one comes first. */
export function onEnd(close) {
  closers.push(close);
}

export async function closeAll() {
  for (const close of closers.splice(0).reverse()) await close();
}

export async function openRoom(options = {}) {
  const given = { samples: 1e9, seed: 2017, title: "Lola's room", host: '127.0.0.1', port: 0 };
  const room = await startRoom({ ...given, share: 0.05, threads: 1, ...options });
  onEnd(() => room.close());
  return room;
}

/** Keeps back what this machine has checked, so that the room cannot end. @returns what lets it */
export function holdEnd({ machine }) {
  const handle = machine.handle.bind(machine);
  const held = [];
  machine.handle = (event, now) => {
    if (event.type !== 'checked') return handle(event, now);
    held.push(event);
    return [];
  };
  return () => {
    // What was kept back comes with the next tick.
    machine.handle = (event, now) => [...held.splice(0), event].flatMap((each) => handle(each, now));
  };
}

/** Waits for what will come, however long the machine takes. */
export async function until(what, isSo) {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > LONG / 50) throw new Error(`it never came that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// What pages, notebooks and a room's server agree on: the version of what they say, and what is shared.

/** Raised whenever a page of one version cannot work with a server of another. */
export const ROOM_VERSION = '1';

/** What a learner who joins shares. */
export const SHARED =
  'The room gets your predictions, the speed-ups you hand in (with your processor and its cores), and how your checks end: which exercise, passed or not, and which known mistake. It does not get your code or your answers.';

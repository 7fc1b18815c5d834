// The version of what page and server say to each other.

/** Raised whenever a page of one version cannot work with a server of another. */
export const ROOM_VERSION = '1';

// The door of the room: opens one, for the command line. Needs Node.
export { largeNumber, qrText } from './banner.js';
export { addressesOfMachine, type Address } from './network.js';
export type { News } from './room.js';
export { readVotes } from './votes.js';
export { DEFAULT_PORT, startRoom, type Room, type RoomOptions } from './server.js';

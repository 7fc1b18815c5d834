/** Turns the blocks of a page into sections and details, and drops the markers of the generator. */
export function drawBlocks(text: string, name: string): string;

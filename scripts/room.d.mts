/** Whether a file or folder of a lesson that is no clone goes into the packed room. */
export function isPacked(path: string): boolean;
export function archiveFolder(folder: string, archive: string, seconds?: number): void;

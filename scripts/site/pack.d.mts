/** The built site as one zip; the same site and date give the same bytes. */
export function packSite(site: string, name: string, date: Date): Uint8Array;

/** Serves a folder of static files; port 0 takes any free one. */
export function serveFolder(where: {
  folder: string;
  host?: string;
  port?: number;
  base?: string;
}): Promise<{ url: string; port: number; close: () => Promise<void> }>;
export function opener(platform: string, url: string): string[];

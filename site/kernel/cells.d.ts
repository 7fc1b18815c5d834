// What the checker of types takes cells to find beside TypeScript's own: tslab, and as much of Node as notebooks name.
declare const process: any;
declare const require: any;

declare module 'tslab' {
  interface Display {
    javascript(text: string): void;
    html(text: string): void;
    markdown(text: string): void;
    latex(text: string): void;
    svg(text: string): void;
    png(data: Uint8Array): void;
    jpeg(data: Uint8Array): void;
    gif(data: Uint8Array): void;
    pdf(data: Uint8Array): void;
    text(text: string): void;
    raw(type: string, data: string | Uint8Array): void;
  }
  const versions: { tslab: string; typescript: string; node: string };
  const display: Display;
  function newDisplay(): Display;
}

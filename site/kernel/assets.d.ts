declare module '*?raw' {
  const text: string;
  export default text;
}
declare module '*?worker&url' {
  const url: string;
  export default url;
}
declare module 'virtual:types' {
  const files: Readonly<Record<string, string>>;
  export default files;
}

export interface Description {
  readonly kind: string;
}
export const KINDS: { readonly alone: string[]; readonly holders: string[]; readonly arrays: string[] };
export function make(description: Description): unknown;

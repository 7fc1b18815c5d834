export interface Vote {
  readonly title: string;
  readonly question: string;
  readonly solution: string;
  readonly notes: string;
}
export function votesOf(text: string): Vote[];
export function votesIn(folder: string): (Vote & { readonly from: string })[];
export function pageOf(votes: readonly (Vote & { readonly from: string })[]): string;

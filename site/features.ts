// What this browser lacks, said to the reader: what does not work then, and what still does.

/** A module of WebAssembly that computes with vectors; a browser without SIMD finds it invalid. */
const WITH_VECTORS = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
  11,
];

export interface Features {
  /** Whether cells can run at all. */
  readonly live: boolean;
  /** Sentences for the reader, one for each thing that is missing. */
  readonly missing: readonly string[];
}

/** Looks at what the browser has, by trying it. */
export function findFeatures(): Features {
  const live = hasModuleWorkers();
  const missing: string[] = [];
  if (!live)
    missing.push(
      'This browser cannot run the cells: it has no module workers (Chrome 80, Firefox 114 and Safari 15 have them). You can read everything, with the recorded outputs, and search.',
    );
  else if (!hasVectors())
    missing.push(
      'This browser has no WebAssembly SIMD (Chrome 91, Firefox 89 and Safari 16.4 have it). All cells run, and count the same integers, but the plain kernel counts about four times slower.',
    );
  return { live, missing };
}

function hasModuleWorkers(): boolean {
  let asked = false;
  const options = {
    get type(): WorkerType {
      asked = true; // a browser that knows module workers reads this
      return 'module';
    },
  };
  try {
    new Worker('data:text/javascript,', options).terminate();
  } catch {
    return false;
  }
  return asked;
}

function hasVectors(): boolean {
  try {
    return WebAssembly.validate(new Uint8Array(WITH_VECTORS));
  } catch {
    return false;
  }
}

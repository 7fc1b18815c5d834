// Reads the directives of job scripts as sbatch does: words, options, values. What depends on the site is not judged.

/** sbatch's options (Slurm 22.05 to 25.05): short and long name, then '=' if a value follows, or '?' if one may follow. */
const OPTIONS =
  `A,account= acctg-freq= a,array= batch= bb= bbf= b,begin= D,chdir= cluster-constraint= M,clusters= comment=
C,constraint= container= container-id= contiguous S,core-spec= cores-per-socket= cpu-freq= cpus-per-gpu=
c,cpus-per-task= deadline= delay-boot= d,dependency= m,distribution= e,error= x,exclude= exclusive? export= export-file=
extra= B,extra-node-info= get-user-env? gid= gpu-bind= gpu-freq= G,gpus= gpus-per-node= gpus-per-socket= gpus-per-task=
gres= gres-flags= h,help hint= H,hold ignore-pbs i,input= J,job-name= kill-on-invalid-dep= L,licenses= mail-type=
mail-user= mcs-label= mem= mem-bind= mem-per-cpu= mem-per-gpu= mincpus= network= nice? k,no-kill? no-requeue F,nodefile=
w,nodelist= N,nodes= n,ntasks= ntasks-per-core= ntasks-per-gpu= ntasks-per-node= ntasks-per-socket= oom-kill-step?
open-mode= o,output= O,overcommit s,oversubscribe parsable p,partition= power= prefer= priority= profile= propagate?
q,qos= Q,quiet reboot requeue reservation= segment= signal= sockets-per-node= spread-job switches= tasks-per-node=
test-only thread-spec= threads-per-core= t,time= time-min= tmp= tres-bind= tres-per-task= uid= umask= usage use-min-nodes
v,verbose V,version W,wait wait-all-nodes= wckey= wrap=`
    .split(/\s/)
    .map((text) => /(?:(.),)?([^=?]+)(.?)/.exec(text)!)
    .map(([, short, name, takes]) => ({ short, name, takes }));

const COUNT = /^\+?0*[1-9]\d*$/;
const MEMORY = /^\d+([KMGT]B?)?$/i;
/** What Slurm takes, of the options that the lesson uses. Others depend on the site. */
const FORMS: { readonly [name: string]: RegExp } = {
  array: /^\[?(\d+(-\d+(:[1-9]\d*)?)?,?)*(%\d*)?\]?$/,
  exclusive: /^(|user|mcs|topo)$/,
  'kill-on-invalid-dep': /^(yes|no)$/i,
  nodes: /^\d+[km]?(-\d+[km]?)?$/i,
  'open-mode': /^[at]/,
  signal:
    /^(\w+:)?((SIG)?(HUP|INT|QUIT|ABRT|KILL|ALRM|TERM|USR[12]|URG|CONT|STOP|TSTP|TTIN|TTOU)|\d+)(@\d{0,5})?$/i,
  ...{ ntasks: COUNT, 'cpus-per-task': COUNT, 'ntasks-per-node': COUNT, mem: MEMORY, 'mem-per-cpu': MEMORY },
};

/** The options of a directive. `refuse` hears what sbatch would not take; what comes after that is not read. */
export function optionsIn(text: string, refuse: (why: string) => void): { name: string; value: string }[] {
  const words = wordsIn(text);
  if (!words) refuse('Slurm refuses a quote that is not closed.');
  const rest = words?.filter((word) => !/^(--|hetjob|packjob)$/.test(word)) ?? [];
  const found: { name: string; value: string }[] = [];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, long, given] = /^--([^=]+)(?:=([^]*))?$/.exec(word) ?? [];
    const letter = /^-[^-]/.test(word) ? word[1] : undefined;
    let value = letter === undefined ? given : word.slice(2) || undefined;
    const option = optionOf(long, letter);
    if (letter !== undefined && option?.takes === '' && value !== undefined) {
      rest.unshift(`-${value}`); // -Hn2 is -H -n2
      value = undefined;
    }
    if (option?.takes === '=') value ??= rest.shift();
    if (
      !option ||
      (option.takes === '=' && value === undefined) ||
      (option.takes === '' && value !== undefined)
    ) {
      refuse(`Slurm refuses '${word}'. sbatch --help lists the options and which of them take a value.`);
      break;
    }
    found.push({ name: option.name, value: value ?? '' });
  }
  return found;
}

/** An option by its letter, by its name, or by the beginning of its name if no other one begins so. */
function optionOf(long = ' ', letter?: string) {
  const found = OPTIONS.filter(({ short, name }) => (letter ? short === letter : name.startsWith(long)));
  return found.find(({ name }) => name === long) ?? (found.length === 1 ? found[0] : undefined);
}

/** A line in words, with sbatch's quotes, backslashes and comments; undefined if a quote is not closed. */
function wordsIn(text: string): string[] | undefined {
  const words = /[ \t\v\f]+|#.*|((?:\\[^]|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|[^ \t\v\f"'\\#])+)|[^]/gy;
  const found = [...text.replace(/\\(?=[ \t\v\f]|$)/g, ' ').matchAll(words)];
  if (found.some(([all, word]) => word === undefined && !/^[ \t\v\f#]/.test(all))) return undefined;
  const pieces = /\\([^])|"((?:\\[^]|[^"\\])*)"|'((?:\\[^]|[^'\\])*)'/g;
  const plain = (inside: string) => inside.replace(/\\([^])/g, '$1');
  return found
    .map(([, word = '']) =>
      word.replace(
        pieces,
        (_, one?: string, double?: string, single?: string) => one ?? plain(double ?? single ?? ''),
      ),
    )
    .filter(Boolean);
}

/** Whether sbatch takes this value, as far as that does not depend on the site. */
export function takesValue(name: string, value: string): boolean {
  if (/^time(-min)?$/.test(name)) return secondsOf(value) !== undefined;
  const [first, last = first] = value.match(/\d+/g)?.map(Number) ?? [];
  const falls = /^(nodes|array)$/.test(name) && /^\d+-\d+$/.test(value) && last < first;
  return (FORMS[name]?.test(value) ?? true) && !falls;
}

/** A time as Slurm reads it, in seconds: M, M:S, H:M:S, D-H, D-H:M, D-H:M:S. Infinity if it sets no limit. */
export function secondsOf(text: string): number | undefined {
  if (/^(UNLIMITED|INFINITE|-[01])$/i.test(text)) return Infinity;
  const [, days, rest] = /^(?:(\d+)-)?(\d+(?::\d+){0,2}|(?<=-)$)$/.exec(text) ?? [];
  if (rest === undefined) return undefined;
  const fields = rest.split(':').map(Number);
  const [hours, minutes, seconds] =
    days !== undefined || fields.length === 3 ? [...fields, 0, 0] : [0, fields[0], fields[1] ?? 0];
  return ((Number(days ?? 0) * 24 + hours) * 60 + minutes) * 60 + seconds || Infinity;
}

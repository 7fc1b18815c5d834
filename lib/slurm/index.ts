// The door of stage 5 for tools and lesson: Slurm's commands, settings, scripts, workers as jobs, and runs. Needs Node.
export { adviseOnReason, describeEnd } from './advice.js';
export { SlurmError, isRefusal, jobStates, partitions, sbatch, scancel } from './commands.js';
export { resumeSlurm, startSlurm, type Resumed, type SlurmOptions } from './executor.js';
export { isLive, type JobState } from './job-state.js';
export { render, templateText } from './render.js';
export { describeResult } from './result.js';
export { checkSettings, nodeWords, readSettings, type JobSettings } from './settings.js';
export { resumeCommand } from './run-folder.js';
export { COMMENT, submitWorkers, submittedWorkers, watchWorkers, workerScript } from './workers.js';

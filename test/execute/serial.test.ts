import { startSerial } from '../../lib/execute/serial.js';
import { CONTRACT_TASKS, executorContract } from '../support/executor-contract.js';

executorContract('serial', () => startSerial({ tasks: [CONTRACT_TASKS] }), {
  survivesExit: false,
  stopsForever: false,
});

// What is wrong with this installation, and where to click. Run beside the running server, with the same .env.
//   npm run doctor
import { diagnose } from './doctor/diagnose.js';
import { formatFinding } from './doctor/finding.js';

const { findings, exitCode } = await diagnose(process.env);
for (const finding of findings) console.log(formatFinding(finding));
const wrong = findings.filter(({ state }) => state === 'bad').length;
console.log(wrong === 0 ? '都正常' : `${wrong} 项要处理`);
process.exitCode = exitCode;

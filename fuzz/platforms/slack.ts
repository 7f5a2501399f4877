import { render } from '../../src/connectors/slack/render.ts';
import { argumentsOf } from '../../src/connectors/slack/sender.ts';
import type { Delivery, Part } from '../../src/core/delivery.ts';
import { hasPreview, mentionsIn, readContent } from '../../src/simulators/slack/content.ts';
import { Refusal } from '../../src/simulators/slack/refusal.ts';
import { shown } from '../../src/simulators/slack/shown.ts';
import type { Judge } from '../judge.ts';
import { sampleDelivery } from '../sample-delivery.ts';

/** What each of the two may be, by our own promise: the platform would take more. */
const LONGEST_TEXT = 3_500;

export const judge: Judge = {
  platform: 'slack',
  render,
  violations: (parts) => parts.flatMap(partViolations),
  shown: (parts) => parts.map((part) => shown(sentAs(part, 'create'))).join('\n'),
};

/** Each part is judged as a post, as an edit, and as what is left when its blocks are refused. */
function partViolations(part: Part): string[] {
  const { format: _, ...alone } = part;
  return [
    ...(part.text.length > LONGEST_TEXT ? [`text of ${part.text.length}`] : []),
    ...(part.file ? ['a file'] : []),
    ...(part.text.isWellFormed() && JSON.stringify(part.format ?? '').isWellFormed() ? [] : ['a lone surrogate']),
    ...callViolations(sentAs(part, 'create'), false),
    ...callViolations(sentAs(part, 'edit'), true),
    ...callViolations(sentAs(alone, 'create'), false),
  ];
}

function callViolations(args: Readonly<Record<string, unknown>>, isUpdate: boolean): string[] {
  const mentions = mentionsIn(args).map((token) => `mention ${token}`);
  return [...refusal(args, isUpdate), ...mentions, ...(!isUpdate && hasPreview(args) ? ['preview'] : [])];
}

function refusal(args: Readonly<Record<string, unknown>>, isUpdate: boolean): string[] {
  try {
    return readContent(args, isUpdate).truncated ? ['truncated'] : [];
  } catch (error) {
    if (error instanceof Refusal) return [`${error.error} ${JSON.stringify(error.fields)}`];
    throw error;
  }
}

/** The arguments of the sender's own call. */
function sentAs(part: Part, operation: Delivery['operation']): { text: string } & Record<string, unknown> {
  const args = argumentsOf({ ...delivery, part, operation });
  return { ...args, text: part.text };
}

const delivery = sampleDelivery({ to: { scope: 'T1', channel: 'C1' }, messageId: '1790000001.000100' });

import { ring } from '../shared/bell.ts';
import { parsed } from '../shared/json.ts';
import { checkChat } from './access.ts';
import { type Call, flag, integer, text } from './call.ts';
import { deleteMessage, editMessageText, sendMessageDraft } from './editing.ts';
import { badRequest, Refusal, tooManyRequests } from './refusal.ts';
import type { Scene } from './scene.ts';
import { sendDocument, sendMessage } from './sending.ts';
import type { Updates } from './updates.ts';
import { updateKinds } from './validate.ts';
import { changeWebhook, isLoopback } from './webhooks.ts';
import { fullChatJson, meJson, statusJson } from './wire.ts';
import { findPerson } from './world.ts';

const SET_WEBHOOK_EVERY_MS = 1_000;

const actions = new Set([
  ...['typing', 'upload_photo', 'record_video', 'upload_video', 'record_voice', 'upload_voice', 'record_audio'],
  ...['upload_audio', 'upload_document', 'choose_sticker', 'find_location', 'pick_up_location'],
  ...['record_video_note', 'upload_video_note', 'cancel'],
]);

/** By the documented name. What is absent here answers "method not found". */
export const methods: Readonly<Record<string, (call: Call) => unknown>> = {
  getMe: (call) => meJson(call.bot),
  getUpdates,
  getWebhookInfo,
  setWebhook,
  deleteWebhook,
  sendMessage,
  sendDocument,
  editMessageText,
  deleteMessage,
  sendMessageDraft,
  sendChatAction,
  getChat: (call) => fullChatJson(checkChat(call.scene.world, call.bot, text(call, 'chat_id'), 'read')),
  getChatMember,
};

function allowed(call: Call): readonly string[] | undefined {
  const kinds = parsed(text(call, 'allowed_updates'));
  if (!Array.isArray(kinds) || kinds.some((kind) => typeof kind !== 'string')) return undefined;
  // Unknown names are passed over; nothing but unknown ones means the default.
  return kinds.map((kind: string) => kind.toLowerCase()).filter((kind) => updateKinds.has(kind));
}

function getUpdates(call: Call): Promise<Updates> {
  const { queue, webhook } = call.bot;
  if (webhook) {
    const reason = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
    return new Promise((_, reject) => queue.conflict(reason, reject));
  }
  queue.allow(allowed(call));
  const poll = queue.poll({
    offset: integer(call, 'offset'),
    limit: integer(call, 'limit', 100),
    timeout: integer(call, 'timeout'),
  });
  call.onLeave(() => poll.leave());
  return poll.result;
}

function getWebhookInfo(call: Call): unknown {
  const { webhook, queue } = call.bot;
  const info: Record<string, unknown> = {
    url: webhook?.url ?? '',
    has_custom_certificate: false,
    pending_update_count: queue.pending,
  };
  if (webhook) {
    info['max_connections'] = webhook.maxConnections;
    info['ip_address'] = webhook.ipAddress || '<unknown>';
    if (webhook.lastError) {
      info['last_error_date'] = webhook.lastError.date;
      info['last_error_message'] = webhook.lastError.message;
    }
  }
  if (queue.allowed) info['allowed_updates'] = queue.allowed;
  return info;
}

/** At most once a second (platforms.md §2.2, src). An address of this machine is taken as the open server in its local mode takes it. */
function setWebhook(call: Call): unknown {
  const { bot, scene } = call;
  const url = text(call, 'url');
  if (url === '') return deleteWebhook(call);
  const secretToken = text(call, 'secret_token');
  if (secretToken.length > 256) throw badRequest('secret token is too long');
  if (!/^[A-Za-z0-9_-]*$/.test(secretToken)) throw badRequest('secret token contains unallowed characters');
  const target = webhookTarget(scene, url);
  const now = scene.clock.now();
  if (now - bot.webhookSetAt < SET_WEBHOOK_EVERY_MS) {
    scene.ledger.counts.rate_limited++;
    throw tooManyRequests(1);
  }
  bot.webhookSetAt = now;
  bot.queue.abort('terminated by setWebhook request');
  bot.queue.allow(allowed(call));
  if (flag(call, 'drop_pending_updates')) bot.queue.forget(0);
  changeWebhook(scene, bot, {
    url: target.href,
    secretToken,
    maxConnections: Math.min(Math.max(integer(call, 'max_connections', 40), 1), 100),
    ipAddress: text(call, 'ip_address') || (isLoopback(target) ? '127.0.0.1' : ''),
  });
  return true;
}

function webhookTarget(scene: Scene, url: string): URL {
  const whole = url.includes('://') ? url : `https://${url}`;
  if (!URL.canParse(whole)) throw badRequest('invalid webhook URL specified');
  const target = new URL(whole);
  if (isLoopback(target) && !scene.pushing.strict && /^https?:$/.test(target.protocol)) return target;
  if (target.protocol !== 'https:') throw badRequest('bad webhook: An HTTPS URL must be provided for webhook');
  if (!['', '443', '80', '88', '8443'].includes(target.port)) {
    throw badRequest('bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443');
  }
  return target;
}

function deleteWebhook(call: Call): unknown {
  if (flag(call, 'drop_pending_updates')) call.bot.queue.forget(0);
  changeWebhook(call.scene, call.bot, undefined);
  return true;
}

function sendChatAction(call: Call): unknown {
  const { scene, bot } = call;
  if (!actions.has(text(call, 'action').toLowerCase())) throw badRequest('Wrong parameter action in request');
  const chat = checkChat(scene.world, bot, text(call, 'chat_id'), 'write');
  if (chat.type === 'channel') throw badRequest("can't send chat action to a channel chat");
  scene.ledger.counts.chat_actions++;
  ring(scene.bell);
  return true;
}

function getChatMember(call: Call): unknown {
  const { scene, bot } = call;
  const id = integer(call, 'user_id');
  if (id <= 0) throw badRequest('Invalid user_id specified');
  const chat = checkChat(scene.world, bot, text(call, 'chat_id'), 'read');
  const person = findPerson(scene.world, id);
  if (!person) throw badRequest('user not found');
  return statusJson(chat, person);
}

export function methodNotFound(): Refusal {
  return new Refusal(404, 'Not Found: method not found');
}

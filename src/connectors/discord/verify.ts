import type { PlatformPort, Verification } from '../../core/connector.ts';
import type { Notice } from '../../core/health.ts';
import type { Credential, Settings } from '../../core/integration.ts';
import { MISSING_INTENT, PORTAL } from './closes.ts';
import { INVITE_PERMISSIONS, type Membership, missing, type Permission, permissionsIn } from './permissions.ts';
import { channelsOf, guildOf } from './places.ts';
import { type Ask, createAsk, listOf, objectOf, Refused, refusal, rejected, unavailable } from './verdict.ts';
import { isSnowflake, type Reply, type WireChannel, type WireGuild, type WireRole, type WireUser } from './wire.ts';

/** Message content: granted after review, or switched on without one [D7]. */
const CONTENT_FLAGS = (1 << 18) | (1 << 19);
/** "Unknown Channel", "Unknown Guild", "Unknown Member", "Missing Access" [D3]. */
const UNKNOWN_CHANNEL = 10003;
const UNKNOWN_GUILD = 10004;
const UNKNOWN_MEMBER = 10007;
const MISSING_ACCESS = 50001;

/** Channel types [D10]. */
const FORUMS: readonly number[] = [15, 16];
const THREADS: readonly number[] = [10, 11, 12];
const ROOMS: readonly number[] = [0, 2, 5, 13];
/** Rooms that can have threads. */
const THREADED: readonly number[] = [0, 5];

/** Five calls, and one for each thread that is listed (platforms.md §1.1). */
export async function verify(credential: Credential, settings: Settings, port: PlatformPort): Promise<Verification> {
  const ask = createAsk(credential, port);
  try {
    return await check(ask, guildOf(settings) ?? '', channelsOf(settings), port.clock.now());
  } catch (error) {
    if (error instanceof Refused) return error.verdict;
    // An answer in a shape that nobody promised, and nothing that its owner could mend.
    port.log.warn('verification_unreadable', { error });
    return unavailable();
  }
}

async function check(ask: Ask, guildId: string, wanted: readonly string[], now: number): Promise<Verification> {
  // First alone: a bad token should cost one refused call and not five, they are counted per machine [D2].
  const user: WireUser = objectOf(await ask('/users/@me'));
  if (!isSnowflake(user.id)) return unavailable();
  if (user.bot !== true) {
    const message =
      'This token belongs to a person and not to a bot. Make an application with a bot and use its token.';
    return rejected('not_a_bot', message, PORTAL);
  }
  const member = `/guilds/${guildId}/members/${user.id}`;
  const [application, guild, channels, membership] = (await Promise.all(
    ['/applications/@me', `/guilds/${guildId}`, `/guilds/${guildId}/channels`, member].map(ask),
  )) as [Reply, Reply, Reply, Reply];
  const app = objectOf(application);
  const applicationId = isSnowflake(app['id']) ? app['id'] : user.id;
  if ((Number(app['flags'] ?? 0) & CONTENT_FLAGS) === 0) {
    return rejected('missing_intent', MISSING_INTENT.message ?? '', portalOf(applicationId));
  }
  const invite = inviteLink(applicationId, guildId);
  if ([guild, channels, membership].every((reply) => isNo(reply, [UNKNOWN_GUILD, MISSING_ACCESS, UNKNOWN_MEMBER]))) {
    return rejected(
      'guild_not_found',
      'The bot is not in this server. Invite it with the link, then try again.',
      invite,
    );
  }
  if (isNo(membership, [UNKNOWN_MEMBER, UNKNOWN_GUILD])) {
    return rejected(
      'guild_not_found',
      'The bot is not in this server. Invite it with the link, then try again.',
      invite,
    );
  }
  const known: WireGuild = await guildOrRoles(guild, guildId, ask);
  const me = objectOf(membership);
  const holder: Membership = {
    guildId,
    ownerId: known.owner_id ?? undefined,
    userId: user.id,
    roleIds: Array.isArray(me['roles']) ? me['roles'].map(String) : [],
    roles: known.roles ?? [],
  };
  const listed = new Map(listOf(channels).map((channel) => [String(channel.id), channel]));
  const notices = await checkChannels(wanted, listed, holder, invite, ask);
  if (Date.parse(String(me['communication_disabled_until'] ?? '')) > now) notices.push(TIMED_OUT);
  const roleIds = holder.roles.filter((role) => role.tags?.bot_id === user.id).map(({ id }) => id);
  return {
    ok: true,
    identity: user.id,
    profile: { username: String(user.username ?? ''), applicationId, roleIds },
    claims: [...wanted],
    notices,
  };
}

/** "Unknown guild" is sometimes a lie although the channels are there [D-i2]: then the roles by themselves must do. */
async function guildOrRoles(guild: Reply, guildId: string, ask: Ask): Promise<WireGuild> {
  if (!isNo(guild, [UNKNOWN_GUILD, MISSING_ACCESS])) {
    const known: WireGuild = objectOf(guild);
    if (!Array.isArray(known.roles)) throw new Refused(unavailable());
    return known;
  }
  const roles = await ask(`/guilds/${guildId}/roles`);
  if (roles.kind !== 'ok' || !Array.isArray(roles.result)) throw new Refused(refusal(roles));
  return { roles: roles.result as WireRole[] };
}

async function checkChannels(
  wanted: readonly string[],
  listed: ReadonlyMap<string, WireChannel>,
  holder: Membership,
  invite: string,
  ask: Ask,
): Promise<Notice[]> {
  const lacking: { readonly channel_id: string; readonly permissions: readonly Permission[] }[] = [];
  const unthreaded: string[] = [];
  for (const id of wanted) {
    const channel = listed.get(id) ?? (await threadOf(id, holder.guildId, ask));
    const type = channel.type ?? -1;
    const needs = neededIn(type);
    if (!needs) {
      const message = `Channel ${id} cannot hold a conversation. Name text, voice, announcement or forum channels, or threads.`;
      throw new Refused(rejected('channel_wrong_type', message, undefined, { channel_id: id, type }));
    }
    // A thread has no overwrites of its own: it takes those of the channel that holds it [D9].
    const ruling = THREADS.includes(type) ? listed.get(String(channel.parent_id)) : channel;
    const allowed = permissionsIn(holder, ruling?.permission_overwrites ?? []);
    const permissions = missing(allowed, needs);
    if (permissions.length > 0) lacking.push({ channel_id: id, permissions });
    else if (THREADED.includes(type) && missing(allowed, ['SEND_MESSAGES_IN_THREADS']).length > 0) unthreaded.push(id);
  }
  const [first] = lacking;
  if (first) {
    const where = lacking.map(({ channel_id, permissions }) => `${channel_id} (${permissions.join(', ')})`).join('; ');
    const message = `The bot lacks permissions in ${lacking.length > 1 ? 'channels' : 'channel'} ${where}. Give them to its role, or invite it anew with the link.`;
    const more = lacking.length > 1 && { channels: lacking };
    throw new Refused(rejected('missing_permission', message, invite, { ...first, ...more }));
  }
  return unthreaded.length === 0
    ? []
    : [
        {
          code: 'no_threads',
          message: `The bot may not write in threads of ${unthreaded.join(', ')}: give it "Send Messages in Threads" to be answered there.`,
        },
      ];
}

/** Threads are not among a guild's channels [D6]. */
async function threadOf(id: string, guildId: string, ask: Ask): Promise<WireChannel> {
  const reply = await ask(`/channels/${id}`);
  const gone = isNo(reply, [UNKNOWN_CHANNEL, MISSING_ACCESS]);
  const channel: WireChannel = gone ? {} : objectOf(reply);
  if (gone || channel.guild_id !== guildId) {
    const message = `There is no channel ${id} in this server, or the bot cannot see it.`;
    throw new Refused(rejected('channel_not_found', message, undefined, { channel_id: id }));
  }
  return channel;
}

/** Undefined for a type that nobody can talk in: categories, directories, and what the future brings. */
function neededIn(type: number): readonly Permission[] | undefined {
  if (ROOMS.includes(type)) return ['VIEW_CHANNEL', 'SEND_MESSAGES', 'READ_MESSAGE_HISTORY'];
  // Answers go into posts, which are threads; writing in the forum itself would be opening posts [D9].
  if (FORUMS.includes(type) || THREADS.includes(type)) {
    return ['VIEW_CHANNEL', 'SEND_MESSAGES_IN_THREADS', 'READ_MESSAGE_HISTORY'];
  }
  return undefined;
}

const TIMED_OUT: Notice = {
  code: 'timed_out',
  message: 'A moderator has timed the bot out: it cannot write in this server until the time-out ends or is removed.',
};

function portalOf(applicationId: string): string {
  return `${PORTAL}/${applicationId}/bot`;
}

function inviteLink(applicationId: string, guildId: string): string {
  const query = `client_id=${applicationId}&scope=bot&permissions=${INVITE_PERMISSIONS}&guild_id=${guildId}`;
  return `https://discord.com/oauth2/authorize?${query}&disable_guild_select=true`;
}

function isNo(reply: Reply, codes: readonly number[]): boolean {
  return reply.kind === 'refused' && codes.includes(reply.code);
}

import { expect, test } from 'vitest';
import { opensCard } from './mentions.ts';

test.each([
  ['join discord.gg/abc123', true],
  ['**Discord.com/invite/abc**', true],
  ['discordapp.com/invite/a discord.gift/b', true],
  ['discord\\.gg/abc123 discord\\.com/invite/abc', false],
  ['discord.com/developers discord.gg', false],
  ['<https://discord.gg/abc> `discord.gg/abc` \\``discord.gg/abc`', false],
])('%j opens a card: %j', (content, opens) => {
  expect(opensCard(content)).toBe(opens);
});

import { describe, expect, it } from 'vitest';
import { afterClose, isTrusted } from './closes.ts';

describe('close codes', () => {
  it.each([1000, 1001, 1005, 1006, 4000, 4001, 4002, 4005, 4006, 4008, 4999])('%i: resume', (code) => {
    expect(afterClose(code).next).toBe('resume');
  });
  it.each([4003, 4007, 4009])('%i: identify', (code) => {
    expect(afterClose(code).next).toBe('identify');
  });
  it.each([4004, 4010, 4011, 4012, 4013, 4014])('%i: stop, and say why', (code) => {
    expect(afterClose(code)).toMatchObject({ next: 'stop', state: { state: 'error', message: expect.any(String) } });
  });
});

describe('where a gateway may be', () => {
  it.each([
    ['wss://gateway.discord.gg', 'https://discord.com/api', true],
    ['wss://gateway-us-east1-b.discord.gg/?x', 'https://discord.com/api', true],
    ['ws://gateway.discord.gg', 'https://discord.com/api', false],
    ['wss://discord.gg.example.com', 'https://discord.com/api', false],
    ['wss://evildiscord.gg', 'https://discord.com/api', false],
    ['wss://discord.com', 'https://discord.com/api', false],
    ['wss://gateway.discord.gg@169.254.169.254/', 'https://discord.com/api', false],
    ['wss://user:pass@gateway.discord.gg', 'https://discord.com/api', false],
    ['ws://127.0.0.1:9', 'https://discord.com/api', false],
    ['wss://gateway.discord.gg/#part', 'https://discord.com/api', false],
    ['ws://127.0.0.1:9', 'http://127.0.0.1:8', true],
    ['wss://proxy.example.com', 'https://proxy.example.com/discord', true],
    ['ws://localhost:9', 'http://127.0.0.1:8', false],
    ['http://127.0.0.1:9', 'http://127.0.0.1:8', false],
    ['nonsense', 'https://discord.com/api', false],
    [undefined, 'https://discord.com/api', false],
  ])('%s under %s: %s', (url, apiUrl, trusted) => {
    expect(isTrusted(url, apiUrl)).toBe(trusted);
  });
});

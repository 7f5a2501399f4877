import { type Method, text } from './call.ts';
import { Refusal } from './refusal.ts';
import { wireUser } from './wire.ts';

export const whoAmI: Method = ({ scene, install }) => {
  const { app, user, workspace, botId } = install;
  return {
    url: `https://${workspace.domain}.slack.com/`,
    team: workspace.name,
    user: user.name,
    team_id: workspace.id,
    user_id: user.id,
    bot_id: botId,
    is_enterprise_install: false,
    ...(scene.settings.authTestNamesApp && { app_id: app.id, app_name: app.name }),
  };
};

export const botInfo: Method = ({ scene, install, args }) => {
  const wanted = text(args, 'bot') ?? install.botId;
  const found = [...scene.world.installs.values()].find(
    (it) => it.botId === wanted && it.workspace === install.workspace,
  );
  if (!found) throw new Refusal('bot_not_found');
  const { botId, app, user } = found;
  const updated = Math.floor(scene.clock.now() / 1000);
  return { bot: { id: botId, deleted: found.removed, name: user.name, updated, app_id: app.id, user_id: user.id } };
};

export const userInfo: Method = ({ scene, install, args }) => {
  const user = scene.world.users.get(String(args['user']));
  if (!user || user.workspace !== install.workspace) throw new Refusal('user_not_found');
  return { user: wireUser(user) };
};

export const teamInfo: Method = ({ install }) => {
  const { id, name, domain } = install.workspace;
  return { team: { id, name, domain, email_domain: '', icon: {} } };
};

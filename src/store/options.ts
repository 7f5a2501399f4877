import { changedOptions, defaultOptions, type Limits, type Options, type OptionsChange } from '../core/options.ts';
import type { IntegrationRow } from './schema.ts';

type Columns = Pick<IntegrationRow, 'options' | 'store_content'>;

/** What is stored follows the defaults of the version that reads it, but for what the owner chose. */
export const optionColumns = ({ errorReply, storeContent, contextTokens, limits }: Options): Columns => {
  const changed = chosenOf(limits, defaultOptions.limits);
  const chosen = {
    ...chosenOf<Pick<Options, 'errorReply' | 'contextTokens'>>({ errorReply, contextTokens }, defaultOptions),
    ...(Object.keys(changed).length > 0 && { limits: changed }),
  };
  return { options: JSON.stringify(chosen), store_content: storeContent ? 1 : 0 };
};

export const optionsOf = ({ options, store_content }: Columns): Options => {
  const { limits, ...rest } = JSON.parse(options) as Partial<Omit<Options, 'limits'>> & { limits?: Partial<Limits> };
  return {
    ...defaultOptions,
    ...rest,
    storeContent: store_content === 1,
    limits: { ...defaultOptions.limits, ...limits },
  };
};

export const changedColumns = (stored: Columns, change: OptionsChange): Columns =>
  optionColumns(changedOptions(optionsOf(stored), change));

function chosenOf<T extends object>(values: T, defaults: Readonly<T>): Partial<T> {
  const differs = ([name, value]: [string, unknown]) => defaults[name as keyof T] !== value;
  return Object.fromEntries(Object.entries(values).filter(differs)) as Partial<T>;
}

import { useEngine } from '../store/engine';
import { useModels } from '../store/models';
import { Notice } from './Notice';

/** Why another model is in use than the one chosen, or what the one chosen cannot do; a click may mend it. */
export function EngineNotice() {
  const { notice, dismiss } = useEngine();
  const use = useModels(({ use }) => use);
  if (!notice) return null;
  const { text, allow } = notice;
  return (
    <Notice
      kind="info"
      text={text}
      label={allow ? 'Allow access' : 'Dismiss'}
      onPress={() => (allow ? void use(allow) : dismiss())}
    />
  );
}

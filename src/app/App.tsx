import './theme.css';
import './App.css';
import { Actions } from './Actions';
import { Footer } from './Footer';
import { Notices } from './Notices';
import { Samples } from './Samples';
import { SettingsPanel } from './SettingsPanel';
import { Stage } from './Stage';
import { usePageDrop } from './usePageDrop';
import { useTitle } from './useTitle';

export function App() {
  useTitle();
  const dragging = usePageDrop();
  return (
    <>
      <header className="masthead">
        <h1>
          Still<em>motion</em>
        </h1>
        <p>A still picture, set in motion. On this machine, and nowhere else.</p>
      </header>
      <main>
        <div className="hero">
          <Stage dragging={dragging} />
          <Notices />
          <Actions />
          <Samples />
        </div>
        <SettingsPanel />
      </main>
      <Footer />
    </>
  );
}

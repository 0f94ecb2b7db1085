import './Masthead.css';
import { PAGES, usePage } from './page';

/** The name of the house, and its pages. */
export function Masthead() {
  const page = usePage();
  return (
    <header className="masthead">
      <h1>
        Still<em>motion</em>
      </h1>
      <p>A still picture, set in motion. On this machine, and nowhere else.</p>
      <nav aria-label="Pages">
        {PAGES.map(({ id, hash, label }) => (
          <a key={id} href={hash} aria-current={id === page ? 'page' : undefined}>
            {label}
          </a>
        ))}
      </nav>
    </header>
  );
}

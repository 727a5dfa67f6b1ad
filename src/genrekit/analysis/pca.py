"""Principal components by singular value decomposition, of a table of features or of embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genrekit.errors import DataError

__all__ = ["Pca", "fit_pca"]


@dataclass(frozen=True, eq=False)
class Pca:
    """Principal components of standardised columns.

    Attributes
    ----------
    mean, scale : [n_features] of the columns; a column without variance has scale 1
    components : [n_components, n_features], orthonormal rows; the largest weight of each is positive
    singular_values : [n_components], descending
    explained_variance_ratio : [n_components], shares of the variance that sum to 1
    n_rows : that it was fitted on
    n_constant : columns without variance, which nothing can be said about
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    components: NDArray[np.float64]
    singular_values: NDArray[np.float64]
    explained_variance_ratio: NDArray[np.float64]
    n_rows: int
    n_constant: int

    def transform(self, values: ArrayLike) -> NDArray[np.float64]:
        """Scores [n, n_components] of rows [n, n_features]."""
        return np.asarray((np.asarray(values, dtype=np.float64) - self.mean) / self.scale @ self.components.T)

    def n_components_for(self, share: float) -> int:
        """The least number of components that explain this share of the variance, 0 < share <= 1."""
        if not 0 < share <= 1:
            raise DataError(f"{share} is not a share of the variance; a number between 0 and 1 is expected.")
        # Rounded up at the last digits, so that all components always explain everything.
        cumulated = np.cumsum(self.explained_variance_ratio)
        return min(int(np.searchsorted(cumulated, share - 1e-12)) + 1, len(cumulated))


def fit_pca(values: ArrayLike) -> Pca:
    """PCA of rows [n, n_features] by SVD of the standardised columns (zero mean, unit deviation with ddof 0).

    Signs are fixed by the largest weight of each component, so that a picture does not depend on the linear algebra
    library.

    Raises
    ------
    DataError : fewer than two rows, values that are not finite, or columns that are all constant
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or x.shape[0] < 2 or x.shape[1] < 1:
        raise DataError(f"PCA of values of shape {x.shape}; rows [n >= 2, n_features >= 1] are expected.")
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise DataError(f"PCA needs finite numbers; row {row}, column {column} holds {x[row, column]}.")
    mean, scale = x.mean(axis=0), x.std(axis=0)
    constant = scale <= 1e-12 * np.maximum(np.abs(mean), 1.0)
    if constant.all():
        raise DataError(f"All {x.shape[1]} columns are constant; there is no variance to explain.")
    standard = np.where(constant, 0.0, (x - mean) / np.where(constant, 1.0, scale))
    _, singular, components = np.linalg.svd(standard, full_matrices=False)
    signs = np.sign(components[np.arange(len(components)), np.abs(components).argmax(axis=1)])
    return Pca(
        mean=mean,
        scale=np.where(constant, 1.0, scale),
        components=components * np.where(signs == 0, 1.0, signs)[:, None],
        singular_values=singular,
        explained_variance_ratio=singular**2 / float((singular**2).sum()),
        n_rows=len(x),
        n_constant=int(constant.sum()),
    )

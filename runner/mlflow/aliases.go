package mlflow

import (
	"context"

	"github.com/mlops-runner/mlops/runner/registry"
)

func (s *Server) setAlias(ctx context.Context, q *modelQuery, of numbered) (any, error) {
	_, err := s.models.Move(ctx, q.Name, q.Alias, registry.Any, of.number, registry.By{Actor: "mlflow", Reason: "set through MLflow"})
	return nothing{}, err
}

func (s *Server) getAlias(_ context.Context, q *modelQuery, of named) (any, error) {
	if of.model == nil || of.model.Aliases[q.Alias] == 0 {
		return nil, invalid("Registered model alias %s not found.", q.Alias)
	}
	out, err := s.wireVersion(of.model, of.model.Aliases[q.Alias])
	return versionAnswer{out}, err
}

func (s *Server) deleteAlias(ctx context.Context, q *modelQuery, of named) (any, error) {
	if of.model == nil || of.model.Aliases[q.Alias] == 0 {
		return nothing{}, nil
	}
	_, err := s.models.Remove(ctx, q.Name, q.Alias, registry.Any, registry.By{Actor: "mlflow", Reason: "deleted through MLflow"})
	return nothing{}, err
}

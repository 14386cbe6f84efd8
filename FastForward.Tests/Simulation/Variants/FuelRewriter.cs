using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FastForward.Tests.Simulation.Variants;

/// <summary>Burns <see cref="Fuel"/> in every loop, so that one without an end is found.</summary>
internal sealed class FuelRewriter : CSharpSyntaxRewriter
{
    private static readonly StatementSyntax s_burn = SyntaxFactory.ParseStatement(
        "global::FastForward.Tests.Simulation.Fuel.Burn();"
    );

    public override SyntaxNode? VisitWhileStatement(WhileStatementSyntax node) =>
        base.VisitWhileStatement(node.WithStatement(Burn(node.Statement)));

    public override SyntaxNode? VisitForStatement(ForStatementSyntax node) =>
        base.VisitForStatement(node.WithStatement(Burn(node.Statement)));

    public override SyntaxNode? VisitForEachStatement(ForEachStatementSyntax node) =>
        base.VisitForEachStatement(node.WithStatement(Burn(node.Statement)));

    private static BlockSyntax Burn(StatementSyntax body) => SyntaxFactory.Block(s_burn, body);
}
